use std::task::Waker;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In the line for a worker.
    Waiting,
    /// With a worker, in the line for this lock.
    Locked(u32),
    /// With a worker and this lock.
    Holding(u32),
    /// Worked on.
    Serving,
    /// Done.
    Worked,
    /// Gone, with its number still in the line.
    Left,
    /// Nobody's.
    Free,
}

/// One request in a pool.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) stage: Stage,
    pub(super) waker: Option<Waker>,
    pub(super) work: f64,
    pub(super) fails: bool,
    /// Keeps its worker after the work until it is released.
    pub(super) keeps: bool,
    /// Nobody waits for it any more.
    pub(super) orphan: bool,
    /// When it came.
    pub(super) came: u64,
    /// When its stage ends; during a stall, what is left of it.
    pub(super) due: u64,
    /// How often something was put on the agenda for it: what is not the last is void.
    pub(super) scheduled: u32,
    /// How often its place was used.
    pub(super) generation: u32,
}

/// The jobs of a pool; places are used again.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    jobs: Vec<Job>,
    free: Vec<u32>,
}

impl Jobs {
    pub(super) fn put(&mut self, work: f64, keeps: bool, now: u64) -> u32 {
        let id = self.free.pop().unwrap_or_else(|| {
            self.jobs.push(Job {
                stage: Stage::Free,
                waker: None,
                work: 1.0,
                fails: false,
                keeps: false,
                orphan: false,
                came: 0,
                due: 0,
                scheduled: 0,
                generation: 0,
            });
            u32::try_from(self.jobs.len() - 1).expect("fewer than 4 billion jobs at once")
        });
        let job = self.get(id);
        job.stage = Stage::Waiting;
        (job.work, job.keeps, job.came) = (work, keeps, now);
        (job.fails, job.orphan) = (false, false);
        id
    }

    pub(super) fn get(&mut self, id: u32) -> &mut Job {
        &mut self.jobs[id as usize]
    }

    pub(super) fn free(&mut self, id: u32) {
        let job = self.get(id);
        job.stage = Stage::Free;
        job.waker = None;
        job.scheduled += 1;
        job.generation += 1;
        self.free.push(id);
    }

    /// Those for whom something is on the agenda, in the order of their numbers.
    pub(super) fn working(&self) -> Vec<u32> {
        (0..self.jobs.len() as u32)
            .filter(|id| {
                matches!(
                    self.jobs[*id as usize].stage,
                    Stage::Holding(_) | Stage::Serving
                )
            })
            .collect()
    }
}

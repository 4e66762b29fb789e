//! Where it was measured.

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::process::Pin;

pub(crate) fn text(machine: &Machine, pin: Pin) -> String {
    let mut text = String::new();
    if !pin.works() {
        text += "`taskset` does not pin to cores 0 and 1 here: server and generator disturb each other\n";
    }
    let load = machine
        .load
        .map_or(String::new(), |load| format!(", load before {load:.2}"));
    text += &format!(
        "on {}, {} cores, {}{load}\n",
        machine.cpu, machine.cores, machine.system
    );
    if machine.is_busy() {
        text += "the machine was busy with other work: do not quote these\n";
    }
    text
}

pub(crate) fn json(machine: &Machine, pin: Pin) -> Value {
    json!({
        "cpu": machine.cpu,
        "cores": machine.cores,
        "system": machine.system,
        "load": machine.load,
        "busy": machine.is_busy(),
        "pinned": pin.works(),
    })
}

//! What a real gRPC client sees of refusals.

mod support;

#[path = "../tonic_grpc.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use example::pushback_ms;
use support::{bounded, start};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn a_client_sees_8_for_its_quota_and_14_for_no_room_and_how_long_to_stay_away() {
    bounded(async {
        let server = start(example::serve).await;
        let endpoint = Endpoint::from_shared(format!("http://{}", server.at)).unwrap();
        let mut client = HealthClient::new(endpoint.connect().await.unwrap());
        let ask = HealthCheckRequest::default;

        // Two streams take both places and two of five of the quota.
        let first = client.watch(ask()).await.unwrap();
        let second = client.watch(ask()).await.unwrap();
        let full = client.check(ask()).await.unwrap_err();
        assert_eq!(full.code(), Code::Unavailable);
        assert!(pushback_ms(&full).unwrap() > 0);

        drop((first, second));
        // The server learns a little later that the streams are gone; until then there is no room,
        // and for that no quota is spent.
        let mut served = 0;
        let spent = loop {
            match client.check(ask()).await {
                Ok(_) => served += 1,
                Err(status) if status.code() == Code::Unavailable => tokio::task::yield_now().await,
                Err(status) => break status,
            }
        };
        assert_eq!(served, 3, "what was refused for want of room cost nothing");
        assert_eq!(spent.code(), Code::ResourceExhausted);
        assert!(pushback_ms(&spent).unwrap() > 0);

        drop(client);
        server.stop().await;
    })
    .await;
}

//! What the daemon says of itself: traces at a collector, metrics with their help texts.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::read;

/// A collector of spans on loopback: OTLP over HTTP, in protobuf.
async fn collector() -> (String, Arc<Mutex<Vec<Span>>>, JoinSet<()>) {
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    let take = async move |body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).expect("it speaks OTLP");
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|it| it.scope_spans);
        let mut kept = kept.lock().expect("nobody panics with it");
        kept.extend(scopes.flat_map(|it| it.spans));
    };
    let router = Router::new().route("/v1/traces", post(take));
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        axum::serve(listener, router)
            .await
            .expect("loopback serves");
    });
    (format!("http://{address}"), spans, serving)
}

pub(crate) async fn a_poll_is_traced_to_its_claims(backend: Backend) {
    let (collector, spans, _serving) = collector().await;
    let server = FeedServer::start([("herald".to_owned(), Format::Rss)], 20, 300, 1).await;
    server.publish("herald");
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    setup.write(&format!(
        "{}\n[telemetry]\notlp = {collector:?}\n",
        setup.config(&options)
    ));
    let daemon = setup.start().await;
    let topics = ["items.confirmed", "items.unconfirmed"];
    eventually(PATIENCE, "the item is tagged", async || {
        !read(&setup, &daemon, &topics).await.is_empty()
    })
    .await;
    let item = read(&setup, &daemon, &topics).await.remove(0);
    // Kafka's consumer measures its lag every few seconds.
    eventually(PATIENCE, "the lag is measured", async || {
        daemon
            .get("/metrics")
            .await
            .contains("claimwire_log_lag_records{group=\"tag\"}")
    })
    .await;
    let metrics = daemon.get("/metrics").await;
    // The last spans are sent before it ends.
    daemon.stop("TERM", PATIENCE).await;

    let spans = spans.lock().expect("nobody panics with it");
    let poll = spans
        .iter()
        .find(|span| span.name == "poll")
        .expect("the poll is a span");
    let tag = spans
        .iter()
        .find(|span| span.name == "tag")
        .expect("the tagging is a span");
    assert_eq!(tag.trace_id, poll.trace_id);
    assert_eq!(tag.parent_span_id, poll.span_id);
    assert!(poll.parent_span_id.is_empty());
    assert!(poll.start_time_unix_nano < tag.end_time_unix_nano);
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let traceparent = format!("00-{}-{}-01", hex(&tag.trace_id), hex(&tag.span_id));
    assert_eq!(item.headers.get("traceparent"), Some(&traceparent));

    for (metric, at_least) in [
        ("claimwire_served_to_topic_seconds_count", 1),
        ("claimwire_feeds", 1),
        ("claimwire_log_lag_records{group=\"tag\"}", 0),
        // What never happened is counted as well, so that the first time shows as growth.
        ("claimwire_dead_total{origin=\"record\"}", 0),
        ("claimwire_log_paused{reason=\"topic\"}", 0),
    ] {
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(metric)?.trim().parse::<f64>().ok())
            .unwrap_or_else(|| panic!("{metric} is not exposed:\n{metrics}"));
        assert!(value >= f64::from(at_least), "{metric} is {value}");
    }
    assert!(metrics.contains("# HELP claimwire_feeds "), "{metrics}");
}

pub(crate) async fn a_canary_comes_through(backend: Backend) {
    let options = Options {
        feeds: &[],
        interval: "",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    // Nothing is open on this machine: no request is made for it.
    let config = setup
        .config(&options)
        .replace("allow = [\"127.0.0.0/8\"]", "");
    setup.write(&format!(
        "{config}\n[canary]\nenabled = true\ninterval = \"500ms\"\n"
    ));
    let daemon = setup.start().await;
    let seen = async || {
        let metrics = daemon.get("/metrics").await;
        let count = metrics.lines();
        let mut count =
            count.filter_map(|line| line.strip_prefix("claimwire_canary_seconds_count "));
        count.next().map_or(0, |count| count.parse().unwrap_or(0))
    };
    eventually(PATIENCE, "canaries come through", async || {
        seen().await >= 3
    })
    .await;
    let metrics = daemon.get("/metrics").await;
    assert!(
        metrics.contains("claimwire_canary_missed_total 0"),
        "{metrics}"
    );
    let items = read(&setup, &daemon, &["items.confirmed"]).await;
    let item: wire::ItemRecord = items.first().expect("it is there").decode();
    assert!(item.source.sample && item.source.feed.0 == "claimwire-canary");
    assert!(
        read(&setup, &daemon, &["items.unconfirmed", "dead"])
            .await
            .is_empty()
    );
    daemon.stop("TERM", PATIENCE).await;
}

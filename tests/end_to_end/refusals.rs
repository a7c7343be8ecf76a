//! What cannot start says so in one line, and exits 2.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::daemon::{Backend, Options, Setup, free_port};

const IDLE: Options<'_> = Options {
    feeds: &[],
    interval: "",
    sample: false,
    partitions: 2,
};

/// The one line that a refused start leaves, which names each of `names`.
async fn refused(setup: &Setup, names: &[&str]) {
    let (code, said) = setup.refused().await;
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for name in names {
        assert!(said.contains(name), "`{name}` is not named: {said}");
    }
}

pub(crate) async fn second_process() {
    let first = Setup::new(Backend::Local, &IDLE);
    let _running = first.start().await;
    let mut second = Setup::new(Backend::Local, &IDLE);
    // Another port, and the first one's directory.
    second.write(
        &first
            .config(&IDLE)
            .replace(&first.port.to_string(), &second.port.to_string()),
    );
    second.port = first.port;
    refused(&second, &[&first.log_directory().display().to_string()]).await;
}

pub(crate) async fn port_in_use() {
    let setup = Setup::new(Backend::Local, &IDLE);
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, setup.port)).expect("it was free");
    refused(&setup, &[&format!("127.0.0.1:{}", setup.port)]).await;
}

pub(crate) async fn unreachable_broker() {
    let broker = format!("127.0.0.1:{}", free_port());
    refused(
        &Setup::new(Backend::Kafka(broker.clone()), &IDLE),
        &[&broker],
    )
    .await;
}

pub(crate) async fn malformed_toml() {
    let setup = Setup::new(Backend::Local, &IDLE);
    setup.write("[log\ndirectory = 1");
    refused(&setup, &["claimwire.toml"]).await;
}

pub(crate) async fn unknown_key() {
    let setup = Setup::new(Backend::Local, &IDLE);
    setup.write(&setup.config(&IDLE).replace("host_spacing", "host_spacign"));
    refused(&setup, &["claimwire.toml", "host_spacign", "host_spacing"]).await;
}

pub(crate) async fn duplicate_feed() {
    let feed = || ("herald".to_owned(), "http://127.0.0.1:9/herald".to_owned());
    let options = Options {
        feeds: &[feed(), feed()],
        interval: "1m",
        ..IDLE
    };
    refused(&Setup::new(Backend::Local, &options), &["herald"]).await;
}

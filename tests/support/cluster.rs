//! Three Kafka nodes, each broker and controller, that clients reach through a [`Proxy`] alone: it sits
//! on the addresses that the brokers advertise. The checker has a listener of its own beside it.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use super::kafka::{Node, free_ports, fresh_directory};
use super::proxy::Proxy;

/// How many nodes there are; every partition is on each of them.
pub(crate) const NODES: usize = 3;
/// The largest heap of a node, in MiB.
const HEAP: u32 = 320;

/// The running nodes; they end with the test process.
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    direct: [u16; NODES],
    pub(crate) proxy: Proxy,
}

impl Cluster {
    /// Starts the nodes and the proxy. Blocks; belongs into a runtime, which runs the proxy.
    pub(crate) fn start(runtime: &tokio::runtime::Handle) -> Self {
        let [clients, direct, controllers, proxied] = [(); 4].map(|()| free_ports::<NODES>());
        let voters: Vec<String> = controllers
            .iter()
            .enumerate()
            .map(|(number, port)| format!("{}@127.0.0.1:{port}", number + 1))
            .collect();
        let mut nodes = Vec::new();
        for number in 0..NODES {
            let directory = fresh_directory(&format!("node-{}", number + 1));
            let properties = format!(
                "process.roles=broker,controller\n\
                 node.id={id}\n\
                 controller.quorum.voters={voters}\n\
                 controller.listener.names=CONTROLLER\n\
                 inter.broker.listener.name=DIRECT\n\
                 listeners=CLIENT://127.0.0.1:{client},DIRECT://127.0.0.1:{direct},CONTROLLER://127.0.0.1:{controller}\n\
                 advertised.listeners=CLIENT://127.0.0.1:{proxied},DIRECT://127.0.0.1:{direct}\n\
                 listener.security.protocol.map=CLIENT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
                 log.dirs={data}\n\
                 auto.create.topics.enable=false\n\
                 default.replication.factor=3\n\
                 min.insync.replicas=2\n\
                 offsets.topic.num.partitions=6\n\
                 offsets.topic.replication.factor=3\n\
                 transaction.state.log.num.partitions=6\n\
                 transaction.state.log.replication.factor=3\n\
                 transaction.state.log.min.isr=2\n\
                 transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
                 broker.heartbeat.interval.ms=500\n\
                 broker.session.timeout.ms=4000\n\
                 replica.lag.time.max.ms=5000\n\
                 group.initial.rebalance.delay.ms=0\n\
                 group.min.session.timeout.ms=1000\n",
                id = number + 1,
                voters = voters.join(","),
                client = clients[number],
                direct = direct[number],
                controller = controllers[number],
                proxied = proxied[number],
                data = directory.join("data").display(),
            );
            nodes.push(Node::format(directory, &properties, direct[number], HEAP));
        }
        // They elect a controller among themselves, so none serves before the second is there.
        nodes.iter_mut().for_each(Node::launch);
        nodes.iter().for_each(Node::serves);
        let routes = proxied.into_iter().zip(clients).collect();
        let proxy = runtime.block_on(Proxy::start(routes));
        Self {
            nodes,
            direct,
            proxy,
        }
    }

    /// What instances are given: every broker, by the proxy.
    pub(crate) fn proxied(&self) -> String {
        addresses(&self.proxy.ports())
    }

    /// Every broker as it is, for the checker.
    pub(crate) fn direct(&self) -> String {
        addresses(&self.direct)
    }

    /// Kills a node, as `kill -9` does. Blocks for a moment.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Starts a killed node again, without waiting for it.
    pub(crate) fn restart(&mut self, node: usize) {
        self.nodes[node].launch();
    }

    /// Waits until the node serves again. Blocks.
    pub(crate) fn serves(&self, node: usize) {
        self.nodes[node].serves();
    }
}

fn addresses(ports: &[u16]) -> String {
    let addresses: Vec<String> = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    addresses.join(",")
}

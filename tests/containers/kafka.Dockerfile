# Stands in for the official Kafka image: Debian's Java, Kafka's jars, and settings from the environment.
FROM claimwire-base/debian
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends default-jre-headless \
 && rm -rf /var/lib/apt/lists/*
COPY jars /opt/kafka/jars
COPY kafka-from-environment /usr/local/bin/
RUN mkdir -p /var/lib/kafka/data && chown 65534:65534 /var/lib/kafka/data
USER 65534:65534
EXPOSE 9092
ENTRYPOINT ["kafka-from-environment"]

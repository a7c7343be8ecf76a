# Stands in for the official BusyBox image: its web server is a publisher.
FROM claimwire-base/debian
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends busybox \
 && rm -rf /var/lib/apt/lists/*

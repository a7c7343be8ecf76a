# Stands in for the official Rust image: Debian, a C compiler, and the toolchain of the machine that builds it.
FROM claimwire-base/debian
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends ca-certificates gcc g++ libc6-dev make perl \
 && rm -rf /var/lib/apt/lists/*
# The authorities that the machine trusts are those that its registry is reached by.
COPY ca-certificates.crt /etc/ssl/certs/
COPY bin /usr/local/bin
COPY lib /usr/local/lib

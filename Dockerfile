# clickstream in a container: docker build -t clickstream .   (docs/containers.md)
#
# Debian 13: its librdkafka (2.8) is the first of a stable Debian that can log in with SCRAM to Kafka 4.

FROM debian:trixie-slim AS build
WORKDIR /src
# The packages first: this layer is built again only when the list of them has changed.
COPY scripts/install-deps scripts/
RUN scripts/install-deps --yes --with run
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY include include
COPY src src
COPY deploy/postgres deploy/postgres
COPY deploy/search deploy/search
RUN cmake --preset release -DCLICKSTREAM_TESTS=OFF \
 && cmake --build build/release --target clickstream \
 && cmake --install build/release --prefix /opt/clickstream --strip
# The packages that hold the shared libraries it is linked to, so that nobody has to keep a second list.
RUN ldd /opt/clickstream/bin/clickstream | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | xargs realpath | xargs dpkg-query -S \
  | cut -d: -f1 | sort -u >/opt/clickstream/packages

FROM debian:trixie-slim
COPY --from=build /opt/clickstream/packages /usr/share/doc/clickstream/packages
# curl, whose library is there anyway, is for the health check.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive xargs -a /usr/share/doc/clickstream/packages \
      apt-get install -y -q --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 65532 --user-group --no-create-home --home-dir /var/lib/clickstream --shell /usr/sbin/nologin clickstream \
 && install -d -o 65532 -g 65532 /var/lib/clickstream /var/lib/clickstream/logs
COPY LICENSE /usr/share/doc/clickstream/
COPY --from=build /opt/clickstream/bin/clickstream /usr/local/bin/

# Inside a container the loopback interface is nobody's; who may reach the port is decided where it is published.
ENV CLICKSTREAM_LISTEN=0.0.0.0
WORKDIR /var/lib/clickstream
# As a number, by which Kubernetes can tell that it is not root. Nothing but logs/ is ever written, and that only on demand.
USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD curl -fsS -o /dev/null "http://127.0.0.1:${CLICKSTREAM_METRICS_PORT:-8000}/healthz"
ENTRYPOINT ["clickstream"]
CMD ["--help"]

ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="clickstream" \
      org.opencontainers.image.description="Simulates, ingests and measures website events over Apache Kafka in real time" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"

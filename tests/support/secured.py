"""A broker that speaks TLS and asks who is there in every way that a cloud's does, and its certificates.

Listeners, all on 127.0.0.1: `open` (for everyone), and by TLS `sasl` (PLAIN and SCRAM: alice), `tls` (nobody is asked),
`mtls` (who has a client certificate of the CA), `oauth` (OAUTHBEARER, unsecured tokens for the scope `events`), `misnamed` (its certificate is
another host's), `expired` (its certificate's time is over), `elsewhere` (sends its clients on to a name that its
certificate does not have) and `astray` (sends them on to a port where nobody is).
"""

import hashlib
import pathlib
import socket
import struct
import subprocess

from support.harness import free_port
from support.kafka import Broker

USER, PASSWORD = "alice", "alice-secret"
KEY_PASSWORD = "key-secret"  # of the client's keys that have one
MECHANISMS = {"SCRAM-SHA-256": (1, "sha256"), "SCRAM-SHA-512": (2, "sha512")}
ALTER_SCRAM_CREDENTIALS = 51
BY_TLS = ("sasl", "tls", "mtls", "oauth", "misnamed", "expired", "elsewhere", "astray")
JAAS = "org.apache.kafka.common.security"


class Certificates:
    """A CA and what it has signed, as files of a folder: NAME.key, NAME.pem; of the client also encrypted.key and
    client.p12. `other-ca.pem` is a CA that has signed nothing."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        for name in ("ca", "other-ca"):
            self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN=test-{name}",
                          "-keyout", f"{name}.key", "-out", f"{name}.pem",
                          "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
        here = "subjectAltName=DNS:broker.test,IP:127.0.0.1"
        self._sign("broker", here)
        self._sign("misnamed", "subjectAltName=DNS:kafka.example.com")
        self._sign("expired", here, days=-1)
        self._sign("client", "extendedKeyUsage=clientAuth")
        self._openssl("pkcs8", "-topk8", "-in", "client.key", "-passout", f"pass:{KEY_PASSWORD}", "-out", "encrypted.key")
        self._openssl("pkcs12", "-export", "-inkey", "client.key", "-in", "client.pem", "-passout", f"pass:{KEY_PASSWORD}",
                      "-out", "client.p12")

    def __getitem__(self, name):
        """The path of a file."""
        return self.directory / name

    def keystore(self, name):
        """Key and certificates in one file, as a broker reads them."""
        path = self[f"{name}.keystore"]
        path.write_text("".join(self[file].read_text() for file in (f"{name}.key", f"{name}.pem", "ca.pem")))
        return path

    def _sign(self, name, extension, days=30):
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self[f"{name}.ext"].write_text(extension + "\n")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.directory, check=True, capture_output=True)


class SecuredBroker(Broker):
    """`at[LISTENER]` is its address there, `certificates` the files that its clients may need."""

    @classmethod
    def create(cls, directory):
        certificates = Certificates(directory / "certificates")
        names = ("open", "controller", *BY_TLS)
        port = free_port(len(names))
        at = {name: f"127.0.0.1:{port + i}" for i, name in enumerate(names)}
        properties = directory / "more.properties"
        properties.write_text(cls._configuration(at, certificates, PASSWORD))
        broker = cls.start(directory / "broker", port, properties)
        broker.at = at
        broker.certificates = certificates
        broker.set_scram_password(PASSWORD)
        return broker

    @staticmethod
    def _configuration(at, certificates, password):
        advertised = {name: address for name, address in at.items() if name != "controller"}
        advertised["elsewhere"] = at["elsewhere"].replace("127.0.0.1", "localhost")
        advertised["astray"] = "127.0.0.1:1"
        protocols = {"open": "PLAINTEXT", "controller": "PLAINTEXT", "sasl": "SASL_SSL", "oauth": "SASL_SSL"}
        return f"""
listeners={",".join(f"{name.upper()}://{address}" for name, address in at.items())}
advertised.listeners={",".join(f"{name.upper()}://{address}" for name, address in advertised.items())}
listener.security.protocol.map={",".join(f"{name.upper()}:{protocols.get(name, 'SSL')}" for name in at)}
inter.broker.listener.name=OPEN
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config={JAAS}.plain.PlainLoginModule required user_{USER}="{password}";
listener.name.sasl.scram-sha-256.sasl.jaas.config={JAAS}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config={JAAS}.scram.ScramLoginModule required;
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" unsecuredValidatorRequiredScope="events";
ssl.keystore.type=PEM
ssl.keystore.location={certificates.keystore("broker")}
ssl.truststore.type=PEM
ssl.truststore.location={certificates["ca.pem"]}
listener.name.mtls.ssl.client.auth=required
listener.name.misnamed.ssl.keystore.type=PEM
listener.name.misnamed.ssl.keystore.location={certificates.keystore("misnamed")}
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={certificates.keystore("expired")}
"""

    def restart_with_password(self, password):
        """Kills it and starts it with another password of alice's for PLAIN."""
        self.kill()
        pathlib.Path(self.properties).write_text(self._configuration(self.at, self.certificates, password))
        self.restart()

    def set_scram_password(self, password):
        """Gives alice a password for SCRAM, by Kafka's own protocol: its tools take two seconds."""
        salt, rounds = b"salt", 4096
        for number, digest in MECHANISMS.values():
            salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds)
            # Nobody to delete, one to set. Every length is one more than it is, every structure ends with no tags.
            self._ask(struct.pack(">bb", 1, 2) + _compact(USER.encode()) + struct.pack(">bi", number, rounds)
                      + _compact(salt) + _compact(salted) + b"\0\0")

    def _ask(self, body):
        head = struct.pack(">hhi", ALTER_SCRAM_CREDENTIALS, 0, 0) + struct.pack(">h", 4) + b"test" + b"\0"
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(struct.pack(">i", len(head + body)) + head + body)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                answer = stream.read(size)
        # Correlation id, tags, throttle time, number of users, the user's name; then the error.
        (error,) = struct.unpack_from(">h", answer, 4 + 1 + 4 + 1 + 1 + len(USER))
        assert error == 0, answer


def _compact(data):
    return struct.pack(">b", len(data) + 1) + data

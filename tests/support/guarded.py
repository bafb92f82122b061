"""A broker that asks who is there and what they may do, and how a test gives its users their rights.

Rights are given by Kafka's own protocol: its tools take two seconds for each, and a test gives some hundreds.
"""

import socket
import struct

from support.harness import free_port, wait_until
from support.kafka import Broker

OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "IdempotentWrite": 12}
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
LITERAL, ALLOW = 3, 3
DESCRIBE_ACLS, CREATE_ACLS = 29, 30


class GuardedBroker(Broker):
    """Its SASL listener (`sasl`) knows alice, who may do everything, and bob and the `guests`, who may do nothing.
    The other listener is open to all."""

    GUESTS = 100

    @classmethod
    def create(cls, directory):
        port = free_port(4)
        sasl = port + 3
        properties = directory / "more.properties"
        users = {"alice", "bob", *(f"guest{i}" for i in range(cls.GUESTS))}
        passwords = " ".join(f'user_{user}="{user}-secret"' for user in sorted(users))
        properties.write_text(f"""
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1},SASL://127.0.0.1:{sasl}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {passwords};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice
""")
        broker = cls.start(directory / "broker", port, properties)
        broker.sasl = f"127.0.0.1:{sasl}"
        broker.guests = iter(range(cls.GUESTS))
        return broker

    def guest(self):
        """The name of a user whom nobody has given any right yet."""
        return f"guest{next(self.guests)}"

    def allow(self, user, operation, kind, name):
        """Gives `user` the right to an operation on a resource, and waits until the broker has heard of it."""
        answer = self._ask(CREATE_ACLS, struct.pack(">i", 1) + _acl(user, operation, kind, name))
        count, error = struct.unpack_from(">ih", answer, 4)
        assert (count, error) == (1, 0), answer
        wait_until(lambda: self._is_allowed(user, operation, kind, name), what=f"the right of {user}")

    def client(self, directory, user):
        """A file of properties that the command line takes with -F."""
        path = directory / f"{user}.properties"
        path.write_text("security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n"
                        f"sasl.username={user}\nsasl.password={user}-secret\n")
        return path

    def java_client(self, directory, user):
        """Such a file for Kafka's own tools (--command-config)."""
        path = directory / f"{user}-java.properties"
        path.write_text("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
                        "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
                        f'username="{user}" password="{user}-secret";\n')
        return path

    def _is_allowed(self, user, operation, kind, name):
        answer = self._ask(DESCRIBE_ACLS, _acl(user, operation, kind, name))
        (error,) = struct.unpack_from(">h", answer, 4)
        assert error == 0, answer
        (message,) = struct.unpack_from(">h", answer, 6)  # its length; -1: none
        (resources,) = struct.unpack_from(">i", answer, 8 + max(message, 0))
        return resources == 1

    def _ask(self, request, body):
        """One request (each in its version 1) and its answer."""
        head = struct.pack(">hhi", request, 1, 0) + _text("test")
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(struct.pack(">i", len(head + body)) + head + body)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                return stream.read(size)[4:]


def _text(text):
    return struct.pack(">h", len(text)) + text.encode()


def _acl(user, operation, kind, name):
    """A rule, or the filter that matches it alone."""
    return (struct.pack(">b", RESOURCES[kind]) + _text(name) + struct.pack(">b", LITERAL) + _text(f"User:{user}")
            + _text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW))

"""A real Prometheus with the shipped configuration and rules, whose targets are the consumers of a test."""

import json
import time
import urllib.parse

import yaml

from support.harness import ROOT, Process, free_port, http_get, wait_until

SHIPPED = ROOT / "deploy/prometheus"
TOOL = str(ROOT / "scripts/unpacked")


class Prometheus(Process):
    """deploy/prometheus/prometheus.yml, but for the addresses, and once a second instead of every 5 and 15."""

    def __init__(self, directory, targets):
        self._port = free_port()
        config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        del config["alerting"]
        for name in config["rule_files"]:
            rules = yaml.safe_load((SHIPPED / name).read_text())
            for group in rules["groups"]:
                group["interval"] = "1s"
            (directory / name).write_text(yaml.safe_dump(rules))
        clickstream, itself = config["scrape_configs"]
        del clickstream["dns_sd_configs"]
        clickstream["static_configs"][0]["targets"] = [f"127.0.0.1:{free_port()}"]  # the host, where nobody listens
        clickstream["static_configs"].append({"targets": list(targets)})
        itself["static_configs"] = [{"targets": [f"127.0.0.1:{self._port}"]}]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
        super().__init__(["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
                          f"--web.listen-address=127.0.0.1:{self._port}"], program=TOOL)

    def api(self, path, **parameters):
        """What /api/v1/`path` answers; AssertionError, with what it says, if that is an error."""
        answer = json.loads(http_get(f"http://127.0.0.1:{self._port}/api/v1/{path}?"
                                     f"{urllib.parse.urlencode(parameters)}").text)
        assert answer["status"] == "success", f"{parameters}: {answer}"
        return answer["data"]

    def await_ready(self):
        def ready():
            try:
                return http_get(f"http://127.0.0.1:{self._port}/-/ready").status == 200
            except OSError:
                assert self.running(), self.transcript()
                return False

        wait_until(ready, what="Prometheus")
        return self

    def query(self, expression):
        """Its value now: [(labels, number)]."""
        return [(one["metric"], float(one["value"][1])) for one in self.api("query", query=expression)["result"]]

    def query_range(self, expression, seconds=10):
        """Its last values, second by second: [(labels, [number])]."""
        now = time.time()
        result = self.api("query_range", query=expression, start=now - seconds, end=now, step=1)["result"]
        return [(one["metric"], [float(value) for _, value in one["values"]]) for one in result]

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * One node on 127.0.0.1, without security: SearchNode HOME PORT SETTING=VALUE...
 *
 * HOME/http.port appears once it answers. For Elasticsearch, scripts/search-node replaces the packages' names.
 */
public class SearchNode {
  static class WithHttp extends Node {
    WithHttp(Environment environment) {
      super(environment, List.of(Netty4Plugin.class, ReindexPlugin.class), false);
    }
  }

  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]);
    Files.createDirectories(home.resolve("config"));
    Settings.Builder settings = Settings.builder()
        .put("path.home", home.toString())
        .put("cluster.name", "clickstream-test")
        .put("node.name", "node")
        .put("discovery.type", "single-node")
        .put("network.host", "127.0.0.1")
        .put("http.port", args[1])
        .put("transport.port", "0")
        .put("http.type", "netty4")
        .put("transport.type", "netty4")
        .put("cluster.routing.allocation.disk.threshold_enabled", false);
    for (int i = 2; i < args.length; i++) {
      String[] one = args[i].split("=", 2);
      settings.put(one[0], one[1]);
    }
    Node node = new WithHttp(InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "node"));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception failed) {
        failed.printStackTrace();
      }
    }));
    node.start();
    int port = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().getPort();
    Path written = home.resolve("http.port.new");
    Files.writeString(written, Integer.toString(port));
    Files.move(written, home.resolve("http.port"));
    Thread.currentThread().join();
  }
}

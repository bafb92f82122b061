// Rows in a search engine: Elasticsearch 7.8 or newer, 8, OpenSearch 2 and 3, by their HTTP interface.
//
// Two indices, PREFIX-sessions and PREFIX-windows, a document each row, as row_json.h has it. A document's id is the row's
// key (bulk_request.h), its version the row's: a document is replaced where its version is not newer. What is written is
// on disk when write() comes back (index.translog.durability: request), and found by searches after the index's
// refresh_interval, a second.
//
// Who we are: the user in the URL; without one, the API key CLICKSTREAM_SINK_API_KEY, else the user CLICKSTREAM_SINK_USER. A
// password is the URL's, else CLICKSTREAM_SINK_PASSWORD, else that of ~/.netrc. (Several search engines with a user or key
// each: users in their URLs, and ~/.netrc.) Certificates are verified: CLICKSTREAM_SINK_CA, else
// SSL_CERT_FILE, is the file of the CAs that are trusted; else those are that the system trusts. Proxies are those of
// https_proxy and no_proxy.
#pragma once

#include <memory>
#include <string>

#include "clickstream/failure.h"
#include "clickstream/log.h"
#include "clickstream/row_store.h"

namespace clickstream::sinks {

struct SearchOptions {
  std::string
      url;  ///< elasticsearch+https://[user[:password]@]host[:9200][/PREFIX]; PREFIX is clickstream unless given
  RowSource source;
  bool init = false;  ///< put the index templates (deploy/search) and create the indices
};

/// Connects, and checks the indices: they have to be there, or their templates, and fit. Comes back within a minute, and
/// within ten seconds where there is no answer. One thread at a time.
Result<std::unique_ptr<RowStore>> open_search(const SearchOptions& options, const Stopping& stopping, const Log& log);

}  // namespace clickstream::sinks

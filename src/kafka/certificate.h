// What is wrong with a broker's certificate, for a person. Private to src/kafka.
#pragma once

#include <string>
#include <string_view>

namespace clickstream::kafka {

struct Complaint {
  std::string cause;   ///< "its certificate is for …, not for …"
  std::string advice;  ///< what to do about it
};

/// `error`: why OpenSSL does not accept the certificate `der` of the broker at `address`, HOST:PORT. Certificates are
/// the broker's word: nothing in them is trusted, and bytes that cannot be printed are left out.
Complaint complain(int error, std::string_view address, std::string_view der);

}  // namespace clickstream::kafka

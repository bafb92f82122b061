#include "kafka/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <iterator>
#include <memory>
#include <vector>

namespace clickstream::kafka {
namespace {

constexpr std::size_t kMostNames = 5;

template <auto Destroy>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Buffer = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

std::string printable(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < ' ' || c > '~'; });
  return text;
}

std::string text_of(const ASN1_STRING* text) {
  const unsigned char* data = ASN1_STRING_get0_data(text);
  return printable(std::string(data, data + ASN1_STRING_length(text)));
}

std::string address_of(const ASN1_OCTET_STRING* address) {
  const unsigned char* data = ASN1_STRING_get0_data(address);
  if (ASN1_STRING_length(address) == 4) return fmt::format("{}.{}.{}.{}", data[0], data[1], data[2], data[3]);
  if (ASN1_STRING_length(address) != 16) return "?";
  std::vector<std::string> groups;
  for (int i = 0; i < 16; i += 2) groups.push_back(fmt::format("{:x}", data[i] << 8 | data[i + 1]));
  return fmt::format("{}", fmt::join(groups, ":"));
}

std::string name_of(const X509_NAME* name) {
  const Buffer buffer(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(buffer.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(buffer.get(), &text);
  return printable(std::string(text, static_cast<std::size_t>(size)));
}

// The hosts that it is for.
std::string hosts_of(const X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names || sk_GENERAL_NAME_num(names.get()) <= 0) return name_of(X509_get_subject_name(certificate));
  std::vector<std::string> hosts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) hosts.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) hosts.push_back(address_of(name->d.iPAddress));
  }
  if (hosts.size() > kMostNames) {
    hosts.resize(kMostNames);
    hosts.emplace_back("…");
  }
  return fmt::format("{}", fmt::join(hosts, ", "));
}

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable day";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace

Complaint complain(int error, std::string_view address, std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Certificate certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!certificate) return {"its certificate cannot be read", "is it a broker?"};
  const std::string_view host = address.substr(0, address.rfind(':'));
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {fmt::format("its certificate is for {}, not for {}", hosts_of(certificate.get()), host),
              "name it as its certificate does: with -b, and in the broker's advertised.listeners"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return {fmt::format("its certificate is signed by {}, which is not trusted here",
                          name_of(X509_get_issuer_name(certificate.get()))),
              "set ssl.ca.location to a PEM file with the certificate of that authority"};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {fmt::format("the certificate of {} expired on {}", name_of(X509_get_subject_name(certificate.get())),
                          day_of(X509_get0_notAfter(certificate.get()))),
              "it has to be renewed, unless this machine's clock is wrong"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {
          fmt::format("the certificate of {} is not valid before {}", name_of(X509_get_subject_name(certificate.get())),
                      day_of(X509_get0_notBefore(certificate.get()))),
          "is this machine's clock right?"};
    default:
      return {fmt::format("its certificate is not accepted: {}", X509_verify_cert_error_string(error)),
              "check the broker's certificate and ssl.ca.location"};
  }
}

}  // namespace clickstream::kafka

#include "net/tls_records.h"

namespace medperf::net {
namespace {

int append(BIO* bio, const char* data, int size) {
  static_cast<std::string*>(BIO_get_data(bio))->append(data, static_cast<std::size_t>(size));
  return size;
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// A BIO that only takes, into a string.
BIO* string_sink(std::string& out) {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "string");
    if (method == nullptr) return method;
    BIO_meth_set_write(method, append);
    BIO_meth_set_ctrl(method, control);
    return method;
  }();
  BIO* sink = kMethod == nullptr ? nullptr : BIO_new(kMethod);
  if (sink == nullptr) return nullptr;
  BIO_set_data(sink, &out);
  BIO_set_init(sink, 1);
  return sink;
}

}  // namespace

bool append_records(SSL* connection, std::string_view plain, std::string& out) {
  BIO* sink = string_sink(out);
  if (sink == nullptr) return false;
  BIO* usual = SSL_get_wbio(connection);
  BIO_up_ref(usual);
  SSL_set0_wbio(connection, sink);
  bool good = true;
  while (good && !plain.empty()) {
    std::size_t written = 0;
    good = SSL_write_ex(connection, plain.data(), plain.size(), &written) == 1;
    plain.remove_prefix(written);
  }
  SSL_set0_wbio(connection, usual);  // frees the sink
  return good;
}

}  // namespace medperf::net

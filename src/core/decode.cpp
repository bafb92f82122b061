#include "clickstream/decode.h"

#include "clickstream/fields.h"
#include "core/flat_event.h"
#include "core/json_fields.h"

namespace clickstream {

struct Decoder::Impl {
  Duration max_ahead{};
  bool copied = false;
  JsonFields json_fields;
};

Decoder::Decoder(Duration max_ahead) : impl_(std::make_unique<Impl>()) { impl_->max_ahead = max_ahead; }
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Decoded Decoder::decode(std::string_view json, Timestamp record_time) {
  const Timestamp latest = record_time + impl_->max_ahead;
  Event event;
  impl_->copied = !read_flat_event(json, latest, event);
  if (!impl_->copied) return event;
  const auto values = impl_->json_fields.read(json);
  if (!values) return unexpected(values.error());
  return judge(*values, latest);
}

bool Decoder::copied() const { return impl_->copied; }

}  // namespace clickstream

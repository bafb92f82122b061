// What every loop here does with an event, and no more: RapidJSON in situ, two hash maps. No checks, no deduplication, no
// end of a session, no state. One thread.
#pragma once

#include <rapidjson/document.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

namespace reference {

class Figures {
 public:
  /// `text` is of the loop's own buffer, which is written to, and ends with a 0.
  void add(char* text) {
    rapidjson::MemoryPoolAllocator<> pool(memory_, sizeof memory_);
    Document event(&pool);
    event.ParseInsitu(text);
    if (event.HasParseError() || !event.IsObject()) return;
    const std::uint64_t user = event["user_id"].GetUint64();
    const std::uint64_t id = event["session_id"].GetUint64();
    const double time = event["timestamp"].GetDouble();
    Session& session = sessions_[{user, id}];
    session.begin = std::min(session.begin, time);
    session.end = std::max(session.end, time + event["duration"].GetDouble());
    const std::string_view action(event["action"].GetString(), event["action"].GetStringLength());
    if (action == "page_view") {
      ++session.views;
      page_.assign(event["page"].GetString(), event["page"].GetStringLength());
      ++pages_[page_];
    } else if (action == "click") {
      ++session.clicks;
    }
    ++events_;
  }

  void print() const {
    std::uint64_t bounced = 0;
    double seconds = 0;
    for (const auto& [ids, session] : sessions_) {
      bounced += session.views <= 1 && session.clicks == 0 ? 1 : 0;
      seconds += session.end - session.begin;
    }
    std::printf("%llu events, %zu sessions, %llu bounced, %.0f s, %zu pages\n",
                static_cast<unsigned long long>(events_), sessions_.size(), static_cast<unsigned long long>(bounced),
                seconds, pages_.size());
  }

 private:
  using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<>>;

  struct Ids {
    std::uint64_t user;
    std::uint64_t session;
    bool operator==(const Ids&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Ids& ids) const {
      const std::uint64_t mixed = (ids.user * 0x9e3779b97f4a7c15) ^ (ids.session * 0xc2b2ae3d27d4eb4f);
      return mixed ^ (mixed >> 32);
    }
  };
  struct Session {
    double begin = std::numeric_limits<double>::max();
    double end = 0;
    std::uint32_t views = 0;
    std::uint32_t clicks = 0;
  };

  char memory_[4096];
  std::string page_;
  std::unordered_map<Ids, Session, Hash> sessions_;
  std::unordered_map<std::string, std::uint64_t> pages_;
  std::uint64_t events_ = 0;
};

}  // namespace reference

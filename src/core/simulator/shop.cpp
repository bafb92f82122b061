// The built-in shop: about 35 % of its visits bounce, 31 % of page views bring a click, and a visit takes 6 events and
// a bit over 3 minutes.
#include "clickstream/simulator.h"

namespace clickstream {
namespace {

constexpr std::string_view kShop = R"json({
  "leave_at_once": 0.27,
  "landing": {
    "/home": 0.46, "/products": 0.12, "/product/espresso-machine": 0.09, "/product/coffee-grinder": 0.08,
    "/product/travel-mug": 0.06, "/search": 0.06, "/sale": 0.09, "/about": 0.04
  },
  "pages": {
    "/home": {
      "stay": 16, "click": 0.34,
      "next": {
        "/products": 0.4, "/search": 0.19, "/sale": 0.17, "/account": 0.05, "/about": 0.03
      }
    },
    "/products": {
      "stay": 24, "click": 0.38,
      "next": {
        "/product/espresso-machine": 0.23, "/product/coffee-grinder": 0.21, "/product/travel-mug": 0.18,
        "/search": 0.1, "/products": 0.13, "/home": 0.05
      }
    },
    "/sale": {
      "stay": 22, "click": 0.36,
      "next": {
        "/product/espresso-machine": 0.15, "/product/coffee-grinder": 0.19, "/product/travel-mug": 0.28,
        "/products": 0.17, "/home": 0.06
      }
    },
    "/search": {
      "stay": 14, "click": 0.42,
      "next": {
        "/search": 0.19, "/product/espresso-machine": 0.21, "/product/coffee-grinder": 0.19,
        "/product/travel-mug": 0.17, "/products": 0.1
      }
    },
    "/product/espresso-machine": {
      "stay": 40, "click": 0.27,
      "next": {
        "/cart": 0.14, "/products": 0.28, "/product/coffee-grinder": 0.24, "/search": 0.11, "/home": 0.07
      }
    },
    "/product/coffee-grinder": {
      "stay": 34, "click": 0.27,
      "next": {
        "/cart": 0.17, "/products": 0.25, "/product/espresso-machine": 0.18, "/product/travel-mug": 0.09,
        "/search": 0.11, "/home": 0.07
      }
    },
    "/product/travel-mug": {
      "stay": 26, "click": 0.26,
      "next": {
        "/cart": 0.2, "/products": 0.29, "/product/coffee-grinder": 0.14, "/search": 0.11, "/home": 0.07
      }
    },
    "/cart": {
      "stay": 20, "click": 0.3,
      "next": {
        "/checkout": 0.46, "/products": 0.22, "/home": 0.08
      }
    },
    "/checkout": {
      "stay": 44, "click": 0.45,
      "next": {
        "/order-confirmed": 0.62, "/cart": 0.12
      }
    },
    "/order-confirmed": {
      "stay": 12, "click": 0.08,
      "next": {
        "/home": 0.12, "/account": 0.14
      }
    },
    "/account": {
      "stay": 24, "click": 0.3,
      "next": {
        "/home": 0.28, "/products": 0.2
      }
    },
    "/about": {
      "stay": 28, "click": 0.12,
      "next": {
        "/home": 0.28, "/products": 0.16
      }
    }
  }
})json";

}  // namespace

Site Site::shop() { return parse(kShop).value(); }

}  // namespace clickstream

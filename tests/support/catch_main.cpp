#define CATCH_CONFIG_MAIN  // version 2 only
#include "support/catch.h"

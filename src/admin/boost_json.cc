// Debian's Boost 1.81 has Boost.JSON as headers only; this file is where its code is compiled.
#include <boost/json/src.hpp>

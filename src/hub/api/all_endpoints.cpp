#include <vector>

#include "hub/api/hub.h"
#include "hub/api/resources.h"

namespace medperf::hub {

std::span<const Endpoint> all_endpoints() {
  static const std::vector<Endpoint> all = [] {
    std::vector<Endpoint> list;
    for (const auto part :
         {system_endpoints(),        sign_in_endpoints(),      sign_up_endpoints(),
          second_factor_endpoints(), access_token_endpoints(), device_endpoints(),
          session_endpoints(),       account_endpoints(),      me_endpoints(),
          user_endpoints(),          key_endpoints(),          container_endpoints(),
          asset_endpoints(),         model_endpoints(),        committee_endpoints(),
          benchmark_endpoints(),     dataset_endpoints(),      result_endpoints(),
          association_endpoints(),   certificate_endpoints(),  training_endpoints(),
          organisation_endpoints(),  closed_group_endpoints()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

}  // namespace medperf::hub

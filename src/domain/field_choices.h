#pragma once
// Some fields of an entity, chosen for a purpose. The choices stand beside the field tables.

#include <span>
#include <string_view>

#include "domain/field.h"

namespace medperf::domain {

/// What a list of an entity's objects shows people, in this order; empty: no such list is made.
std::span<const std::string_view> brief_fields(Entity entity);
/// In what two registrations of the same thing agree, whatever else is said of it; of a model, what
/// it wraps. Empty: nothing tells.
std::span<const std::string_view> content_fields(Entity entity);

}  // namespace medperf::domain

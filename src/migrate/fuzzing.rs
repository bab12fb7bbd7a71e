//! A door for the fuzzer (fuzz/ in the sources): no part of the interface.

use super::plan::{Plan, Route};

/// When a route's pages leave.
pub fn layer(route: Route) -> u32 {
    route.layer()
}

/// How many layers a plan has.
pub fn layers(plan: &Plan) -> u32 {
    plan.layers()
}

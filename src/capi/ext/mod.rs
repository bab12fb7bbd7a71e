//! libnuma_ext.so.1 and libnuma_ext.a: numa_ext.h, what C programs get beyond libnuma's interface.

mod attributes;
mod locate;
mod migrate;
mod nodes;
mod policy;
mod reason;
mod weights;

//! libnuma_ext.so.1 and libnuma_ext.a: numa_ext.h, what C programs get beyond libnuma's interface.

mod locate;
mod migrate;

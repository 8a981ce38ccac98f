//! The common suite for each engine.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod suite;

mod sled {
    crate::suite!(|dir| Ok(Box::new(carnet_store::open(dir, carnet_store::EngineKind::Sled)?)));
}

mod redb {
    crate::suite!(|dir| Ok(Box::new(carnet_store::open(dir, carnet_store::EngineKind::Redb)?)));
}

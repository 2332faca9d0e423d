//! Whatever happens in whatever order, at rest everything is as it must be.
//!
//! `make chaos ROUNDS=50 SEED=7` goes on for longer than `make test` does.

mod fault;
mod load;
mod rest;
mod scene;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use load::Load;
use scene::Scene;

/// A number from the environment.
#[expect(clippy::disallowed_methods, reason = "these are settings of the test, not of the service")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no whole number: {text}"))
    })
}

/// For whoever watches, and for whoever has to find out what went wrong.
#[expect(clippy::print_stdout, reason = "a test speaks there, and is heard if it fails")]
fn tell(what: &str) {
    println!("chaos: {what}");
}

#[tokio::test]
async fn whatever_fails_under_load_nothing_is_lost_and_everything_adds_up() {
    let (seed, rounds) = (number("CHAOS_SEED", 2), number("CHAOS_ROUNDS", 2));
    tell(&format!("seed {seed}, {rounds} rounds"));
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = Scene::new().await;
    let load = Load::on(&scene, seed);
    let trouble = async {
        for round in 1..=rounds {
            let fault = fault::any(&mut random);
            tell(&format!("round {round}: {fault:?}, after {} mails", load.so_far()));
            load.until_more_are_accepted().await;
            scene.suffers(&fault, &load).await;
            load.until_more_are_accepted().await;
        }
        load.is_enough();
    };
    tokio::join!(trouble, load.runs());
    rest::is_as_it_must_be(&scene, &load).await;
    scene.ends().await;
}

//! The clients of `examples/python`, one after the other, with the counter that the README shows.

use firesteel::{Fault, expose};
use firesteel_testkit::{Python, scripts};

use crate::hosted::{Hosted, server_config};
use crate::support::TIMEOUT;

struct Counter {
    total: i64,
    step: i64,
}

#[expose]
impl Counter {
    pub fn add(&mut self, by: i64) -> Result<i64, Fault> {
        if by < 0 {
            return Err(Fault::new("builtins.ValueError", "only upwards"));
        }
        self.total += by * self.step;
        Ok(self.total)
    }

    pub fn total(&self) -> i64 {
        self.total
    }

    #[attr]
    pub fn step(&self) -> i64 {
        self.step
    }

    #[attr]
    pub fn set_step(&mut self, step: i64) {
        self.step = step;
    }
}

#[test]
fn programs_of_both_generations_share_a_counter() {
    let server = Hosted::local("127.0.0.1:0", server_config(), "counter", |_| Counter { total: 0, step: 1 });
    for (script, total) in [("client.py", 3), ("client4.py", 6), ("client.py", 9)] {
        let script = scripts().join("../../../examples/python").join(script);
        let output = Python::script(&script.display().to_string()).arg(server.uri.to_string()).run(TIMEOUT);
        assert!(output.stdout.ends_with(&format!("the total is {total}\n")), "{output:?}");
    }
}

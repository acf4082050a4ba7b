//! Names that are registered and removed, whatever becomes of the name server.

use firesteel_proto::{Config, Location, Publication, Uri, Whereabouts};

use crate::net::{Names, Net};

fn uri(n: u16) -> Uri {
    Uri::pyro(format!("object.{n}"), Location::Tcp { host: "here".to_owned(), port: n })
}

fn stage() -> (Net, Names, Publication) {
    let mut config = Config::default();
    config.naming.broadcast = false;
    let mut net = Net::new(config);
    let names = Names::default();
    let there = Location::Tcp { host: "ns".to_owned(), port: 9090 };
    let publication = Publication::new(&mut net.client, Whereabouts::At(there));
    (net, names, publication)
}

/// Lets what happens happen.
fn settle(net: &mut Net, publication: &mut Publication) {
    for _ in 0..100 {
        net.settle();
        for event in std::mem::take(&mut net.others) {
            assert!(publication.handle_event(net.now, &mut net.client, event).is_none());
        }
    }
}

#[test]
fn names_are_there_until_they_are_withdrawn() {
    let (mut net, names, mut publication) = stage();
    net.name_server("ns", 9090, &names);
    for n in 1..4 {
        publication.publish(net.now, &mut net.client, &format!("name{n}"), &uri(n));
    }
    assert!(!publication.is_settled());
    settle(&mut net, &mut publication);
    assert!(publication.is_settled());
    assert_eq!(names.with(|book| book.names.len()), 3);
    // Somebody takes one over, another is gone.
    names.add("name1", "PYRO:other@there:1", &[]);
    names.with(|book| book.names.remove("name2"));
    publication.withdraw(net.now, &mut net.client);
    settle(&mut net, &mut publication);
    assert!(publication.is_settled());
    assert_eq!(names.with(|book| book.names.keys().cloned().collect::<Vec<_>>()), ["name1"]);
    assert_eq!(publication.poll_failure(), None);
}

#[test]
fn names_that_are_withdrawn_before_they_are_there_do_not_stay() {
    let (mut net, names, mut publication) = stage();
    net.name_server("ns", 9090, &names);
    publication.publish(net.now, &mut net.client, "name", &uri(1));
    publication.withdraw(net.now, &mut net.client);
    settle(&mut net, &mut publication);
    assert!(publication.is_settled() && names.with(|book| book.names.is_empty()));
    assert_eq!(names.asked(), ["register", "lookup", "remove"]);
}

#[test]
fn failures_are_told_and_a_name_server_that_is_gone_is_no_failure() {
    let (mut net, names, mut publication) = stage();
    publication.publish(net.now, &mut net.client, "name", &uri(1));
    settle(&mut net, &mut publication);
    let (name, failure) = publication.poll_failure().expect("there is no name server");
    assert!(name == "name" && failure.to_string().starts_with("failed to locate the name server"), "{failure}");
    assert!(publication.is_settled());

    net.name_server("ns", 9090, &names);
    publication.publish(net.now, &mut net.client, "name", &uri(1));
    settle(&mut net, &mut publication);
    net.fall("ns", 9090);
    publication.withdraw(net.now, &mut net.client);
    settle(&mut net, &mut publication);
    assert!(publication.is_settled() && publication.poll_failure().is_none());
}

//! Objects that go while calls wait for them.

use firesteel_proto::Request;

use crate::common::shared;

#[test]
fn all_who_wait_for_an_object_are_told_that_it_is_gone() {
    let mut host = shared();
    let proxies = [host.proxy(), host.proxy(), host.proxy()];
    for proxy in proxies {
        host.call(proxy, &Request::method("echo", &(1,))).expect("connected");
    }
    let calls = proxies.map(|proxy| {
        let request = Request::method("fail", &());
        host.pair.client.call(host.pair.now, proxy, &request).expect("sent")
    });
    host.pair.transfer();
    let now = host.pair.now;
    let job = host.pair.daemon.next_job(now).expect("a job");
    assert!(host.pair.daemon.next_job(now).is_none(), "the others wait for the object");
    assert!(host.pair.daemon.registry().unregister("thing"));
    job.run();
    host.settle();
    let texts = calls.map(|call| host.end_of(call).expect("an end").expect_err("a fault").to_string());
    assert!(texts[0].ends_with("no") && texts[1..].iter().all(|text| text.ends_with("unknown object")), "{texts:?}");
}

//! Debian's own etcdctl, unmodified, against `avouch up`.

use crate::place::Place;

#[test]
fn etcdctl_and_avouch_see_one_store() {
    let place = Place::new("etcdctl");
    if place.command("etcdctl").arg("version").env("ETCDCTL_API", "3").output().is_err() {
        println!("skipped: no etcdctl on this machine");
        return;
    }
    let cluster = place.up();
    let etcdctl = |node: usize, arguments: &[&str]| {
        let endpoint = format!("--endpoints=http://{}", cluster.address(node));
        let mut command = place.command("etcdctl");
        let ran = command.env("ETCDCTL_API", "3").arg(endpoint).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    assert_eq!(etcdctl(0, &["put", "a/1", "one"]), "OK\n");
    assert_eq!(place.avouch(&["get", "a/1", "--near", "sa-east-1"]).well(), "one\n");
    place.avouch(&["put", "a/2", "two"]).well();
    assert_eq!(etcdctl(4, &["get", "a/", "--prefix"]), "a/1\none\na/2\ntwo\n");
    let members = etcdctl(1, &["member", "list"]);
    assert_eq!(members.lines().count(), 5, "{members}");
    assert!(members.contains("eu-west-1"), "{members}");
    assert_eq!(cluster.stop(), 0);
}

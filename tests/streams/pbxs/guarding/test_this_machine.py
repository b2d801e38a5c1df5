"""What the kernel and the resolver say of this machine, from files as they are."""

from pathlib import Path

from streams.pbxs.guarding.this_machine import interface_addresses, machine_addresses, name_servers

FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.7
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
     |-- 198.51.100.1
        /32 host UNICAST
"""
IF_INET6 = (
    "20010db8000000000000000000000005 02 40 00 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n"
)


def test_addresses_of_interfaces_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(FIB_TRIE)
    (tmp_path / "if_inet6").write_text(IF_INET6)
    found = interface_addresses(tmp_path)
    assert {"192.0.2.7", "2001:db8::5", "::1"} <= set(found)
    assert not {"192.0.2.255", "198.51.100.1", "192.0.2.0"} & set(found)


def test_name_servers_are_read_and_nonsense_is_not(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# comment\nsearch example.com\nnameserver 203.0.113.53\nnameserver fe80::1%eth0\nnameserver\nnameserver x\n"
    )
    assert name_servers(file) == ["203.0.113.53", "fe80::1"]
    assert name_servers(tmp_path / "none") == []
    assert "203.0.113.53" in machine_addresses(tmp_path, (file,))


def test_this_machine_has_an_address() -> None:
    assert "127.0.0.1" in interface_addresses()

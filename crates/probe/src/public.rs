//! Which addresses are of the public internet.

use std::net::IpAddr;

/// Whether an address is one of the public internet: an answer of the own network's is no way out.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let benchmark = a == 198 && (18..20).contains(&b);
            let reserved = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0);
            let own = v4.is_private() || v4.is_loopback() || v4.is_link_local();
            !(own || shared || benchmark || reserved || v4.is_multicast() || v4.is_documentation())
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            // 2000::/3 is what is given out; 64:ff9b::/96 leads to IPv4 by a gateway.
            None => matches!(v6.segments()[0], 0x2000..=0x3fff | 0x64) && v6.segments()[..2] != [0x2001, 0xdb8],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_own_network_answers_is_not_public() {
        let not = "10.0.0.1 172.16.0.1 192.168.1.1 127.0.0.1 169.254.1.1 100.64.0.1 0.0.0.0 192.0.2.1 198.18.0.1 224.0.0.1 \
                   255.255.255.255 :: ::1 fe80::1 fd00::1 ::ffff:10.0.0.1 2001:db8::1 ff02::1";
        for text in not.split_whitespace() {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
        for text in ["52.94.5.1", "100.128.0.1", "172.32.0.1", "2600:1f00::1", "::ffff:52.94.5.1", "64:ff9b::345e:501"]
        {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }
}

//! Brings up the loopback of a stage's own network namespace, by one netlink message.

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

const RTM_NEWLINK: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST_ACK: u16 = 0x1 | 0x4;
const IFF_UP: u32 = 1;
/// The loopback is the first interface of every network namespace.
const LOOPBACK_INDEX: i32 = 1;

pub(super) fn up() -> io::Result<()> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    sendto(&socket, &message(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 512];
    let (len, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    acknowledged(&answer[..len.min(answer.len())])
}

/// `struct nlmsghdr` and `struct ifinfomsg`, in the machine's own byte order.
fn message() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    bytes.extend_from_slice(&32_u32.to_ne_bytes()); // length
    bytes.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    bytes.extend_from_slice(&NLM_F_REQUEST_ACK.to_ne_bytes());
    bytes.extend_from_slice(&1_u32.to_ne_bytes()); // sequence number
    bytes.extend_from_slice(&0_u32.to_ne_bytes()); // to the kernel
    bytes.extend_from_slice(&[0; 4]); // family, padding, type
    bytes.extend_from_slice(&LOOPBACK_INDEX.to_ne_bytes());
    bytes.extend_from_slice(&IFF_UP.to_ne_bytes()); // flags
    bytes.extend_from_slice(&IFF_UP.to_ne_bytes()); // which of them to change
    bytes
}

fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "no answer to a netlink message");
    let kind = answer.get(4..6).and_then(|b| b.try_into().ok()).map(u16::from_ne_bytes);
    let code = answer.get(16..20).and_then(|b| b.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(code)) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_as_long_as_it_says() {
        let message = message();
        assert_eq!(message[..4], 32_u32.to_ne_bytes());
        assert_eq!(message.len(), 32);
    }

    #[test]
    fn refusals_and_short_answers_are_errors() {
        let answer = |code: i32| {
            let mut bytes = [0; 36];
            bytes[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
            bytes[16..20].copy_from_slice(&code.to_ne_bytes());
            bytes
        };
        assert!(acknowledged(&answer(0)).is_ok());
        assert_eq!(acknowledged(&answer(-1)).unwrap_err().raw_os_error(), Some(1));
        assert!(acknowledged(&[0; 5]).is_err());
    }
}

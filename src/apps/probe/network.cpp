// Reaching the host or a network.

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

struct Socket {
  int fd;
  Socket(int family, int type, int protocol = 0) : fd(::socket(family, type, protocol)) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
};

bool readable(int fd, int milliseconds) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, milliseconds) == 1 && (wait.revents & POLLIN) != 0;
}

// The host's listener answers "medperf"; a connection to anything else is no escape.
Finding ask(int fd) {
  char answer[16] = {};
  (void)!::send(fd, "medperf", 7, MSG_NOSIGNAL);
  if (readable(fd, 1000) && ::recv(fd, answer, sizeof(answer), 0) == 7)
    return passed("the host answered");
  return held("no answer");
}

Finding connect_to(int family, int type, const sockaddr* address, socklen_t size) {
  const Socket socket(family, type);
  if (socket.fd < 0) return held("socket " + error_name(errno));
  if (::connect(socket.fd, address, size) != 0) return held(errno);
  return ask(socket.fd);
}

Finding connect4(const Targets& targets, int type, const char* key) {
  const std::string port = target(targets, key);
  if (port.empty()) return untried("the host listens on no such port");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Finding finding =
      connect_to(AF_INET, type, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const std::string outside = target(targets, "address");
  if (finding.verdict == Verdict::kPassed || outside.empty()) return finding;
  ::inet_pton(AF_INET, outside.c_str(), &address.sin_addr);
  return connect_to(AF_INET, type, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Finding connect6(const Targets& targets, int type, const char* key) {
  const std::string port = target(targets, key);
  if (port.empty()) return untried("the host listens on no such port");
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  address.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  return connect_to(AF_INET6, type, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Finding tcp4(const Targets& t) {
  return connect4(t, SOCK_STREAM, "tcp4");
}
Finding udp4(const Targets& t) {
  return connect4(t, SOCK_DGRAM, "udp4");
}
Finding tcp6(const Targets& t) {
  return connect6(t, SOCK_STREAM, "tcp6");
}
Finding udp6(const Targets& t) {
  return connect6(t, SOCK_DGRAM, "udp6");
}

std::uint16_t icmp_sum(const icmphdr& header) {
  std::uint16_t words[sizeof(header) / 2];
  std::memcpy(words, &header, sizeof(header));
  std::uint32_t sum = 0;
  for (const auto word : words) sum += word;
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

Finding icmp(const Targets& targets) {
  const std::string outside = target(targets, "address");
  if (outside.empty()) return untried("the host has no address but its loopback's");
  Socket datagram(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  Socket raw(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  const int fd = raw.fd >= 0 ? raw.fd : datagram.fd;
  if (fd < 0) return held("socket " + error_name(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, outside.c_str(), &address.sin_addr);
  icmphdr request{};
  request.type = ICMP_ECHO;
  request.checksum = icmp_sum(request);
  if (::sendto(fd, &request, sizeof(request), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof(address)) < 0)
    return held(errno);
  return readable(fd, 1000) ? passed("the host answered") : held("no answer");
}

Finding raw_socket(const Targets&) {
  const Socket socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
  return of_call(socket.fd, "a raw socket");
}

Finding packet_socket(const Targets&) {
  const Socket socket(AF_PACKET, SOCK_RAW, htons(3));
  return of_call(socket.fd, "a packet socket");
}

Finding interfaces(const Targets&) {
  if (struct if_nameindex* list = ::if_nameindex()) {
    std::string names;
    for (const auto* item = list; item->if_index != 0; ++item) {
      if (std::strcmp(item->if_name, "lo") != 0) names += std::string(item->if_name) + " ";
    }
    ::if_freenameindex(list);
    return names.empty() ? held("only lo") : passed(names);
  }
  return held(errno);
}

// The length of lo's queue, set to what it is: needs the right to change a network.
Finding interface_change(const Targets&) {
  const Socket socket(AF_INET, SOCK_DGRAM);
  if (socket.fd < 0) return held("socket " + error_name(errno));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.fd, SIOCGIFTXQLEN, &request) != 0) return held(errno);
  return of_call(::ioctl(socket.fd, SIOCSIFTXQLEN, &request), "lo was changed");
}

// A netlink request that only the owner of a network may make: a new dummy address on lo.
Finding netlink_change(const Targets&) {
  const Socket socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (socket.fd < 0) return held("socket " + error_name(errno));
  struct {
    nlmsghdr header{};
    ifaddrmsg message{};
    rtattr attribute{};
    in_addr address{};
  } request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_DELADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.message.ifa_family = AF_INET;
  request.message.ifa_prefixlen = 32;
  request.message.ifa_index = 1;
  request.attribute.rta_type = IFA_LOCAL;
  request.attribute.rta_len = RTA_LENGTH(sizeof(in_addr));
  ::inet_pton(AF_INET, "198.51.100.77", &request.address);  // TEST-NET-2: nobody has it
  if (::send(socket.fd, &request, sizeof(request), 0) < 0) return held(errno);
  struct {
    nlmsghdr header{};
    nlmsgerr error{};
    char rest[256]{};
  } answer;
  if (!readable(socket.fd, 1000) || ::recv(socket.fd, &answer, sizeof(answer), 0) < 0)
    return held("no answer");
  const int error = -answer.error.error;
  return error == EPERM || error == EACCES ? held(error) : passed("allowed, " + error_name(error));
}

Finding vsock(const Targets&) {
  const Socket socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK);
  if (socket.fd < 0) return held("socket " + error_name(errno));
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_HOST;
  address.svm_port = 1;
  const int status =
      ::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (status != 0 && (errno == ENODEV || errno == EADDRNOTAVAIL || errno == ENETUNREACH))
    return held(errno);
  // Whatever came back came from the machine below this one.
  return passed("a socket to the hypervisor: " + (status == 0 ? "connected" : error_name(errno)));
}

Finding connect_unix(const sockaddr_un& address, socklen_t size) {
  return connect_to(AF_UNIX, SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address), size);
}

Finding unix_socket(const Targets& targets) {
  const std::string path = target(targets, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return untried("no such socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_unix(address, sizeof(address));
}

Finding abstract_socket(const Targets& targets) {
  const std::string name = target(targets, "abstract");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() + 1 >= sizeof(address.sun_path)) return untried("no such socket");
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  return connect_unix(address,
                      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
}

Finding alg_socket(const Targets&) {
  const Socket socket(AF_ALG, SOCK_SEQPACKET);
  return of_call(socket.fd, "a socket of the kernel's cryptography");
}

constexpr Probe kProbes[] = {
    {"tcp4", "network", "connects to a port of the host over IPv4", "no answer from it", tcp4},
    {"tcp6", "network", "connects to a port of the host over IPv6", "no answer from it", tcp6},
    {"udp4", "network", "sends a datagram to the host over IPv4", "no answer from it", udp4},
    {"udp6", "network", "sends a datagram to the host over IPv6", "no answer from it", udp6},
    {"icmp", "network", "pings the host", "no answer from it", icmp},
    {"raw-socket", "network", "opens a raw IPv4 socket", "the socket is refused", raw_socket},
    {"packet-socket", "network", "opens a packet socket", "the socket is refused", packet_socket},
    {"interfaces", "network", "lists network interfaces over netlink", "none but lo", interfaces},
    {"interface-change", "network", "sets a property of lo by ioctl", "refused", interface_change},
    {"netlink-change", "network", "asks netlink to change an address", "refused", netlink_change},
    {"vsock", "network", "connects to the hypervisor (AF_VSOCK)", "no such socket or no way",
     vsock},
    {"alg-socket", "seccomp", "opens the kernel's cryptography (AF_ALG)", "the socket is refused",
     alg_socket},
    {"unix-socket", "files", "connects to a unix socket of the host by its path",
     "no answer from it", unix_socket},
    {"abstract-socket", "network", "connects to an abstract unix socket of the host",
     "no answer from it", abstract_socket},
};

}  // namespace

std::span<const Probe> network_probes() {
  return kProbes;
}

}  // namespace medperf::probe

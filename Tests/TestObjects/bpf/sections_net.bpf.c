// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program for each section name of the network: sockets, tc, XDP, tunnels.
#include "corpus.h"

#define PROGRAM(function, section, context, result) \
	SEC(section)                                \
	int function(struct context *ctx)           \
	{                                           \
		return result;                      \
	}

PROGRAM(on_socket, "socket", __sk_buff, 0)
PROGRAM(on_sk_reuseport, "sk_reuseport", sk_reuseport_md, SK_PASS)
PROGRAM(on_sk_reuseport_migrate, "sk_reuseport/migrate", sk_reuseport_md, SK_PASS)
PROGRAM(on_tc, "tc", __sk_buff, 0)
PROGRAM(on_classifier, "classifier", __sk_buff, 0)
PROGRAM(on_action, "action", __sk_buff, 0)
PROGRAM(on_xdp, "xdp", xdp_md, XDP_PASS)
PROGRAM(on_xdp_frags, "xdp.frags", xdp_md, XDP_PASS)
PROGRAM(on_xdp_devmap, "xdp/devmap", xdp_md, XDP_PASS)
PROGRAM(on_xdp_frags_devmap, "xdp.frags/devmap", xdp_md, XDP_PASS)
PROGRAM(on_xdp_cpumap, "xdp/cpumap", xdp_md, XDP_PASS)
PROGRAM(on_xdp_frags_cpumap, "xdp.frags/cpumap", xdp_md, XDP_PASS)
PROGRAM(on_lwt_in, "lwt_in", __sk_buff, BPF_OK)
PROGRAM(on_lwt_out, "lwt_out", __sk_buff, BPF_OK)
PROGRAM(on_lwt_xmit, "lwt_xmit", __sk_buff, BPF_OK)
PROGRAM(on_lwt_seg6local, "lwt_seg6local", __sk_buff, BPF_OK)
PROGRAM(on_sockops, "sockops", bpf_sock_ops, 1)
PROGRAM(on_sk_skb, "sk_skb", __sk_buff, SK_PASS)
PROGRAM(on_stream_parser, "sk_skb/stream_parser", __sk_buff, 0)
PROGRAM(on_stream_verdict, "sk_skb/stream_verdict", __sk_buff, SK_PASS)
PROGRAM(on_sk_skb_verdict, "sk_skb/verdict", __sk_buff, SK_PASS)
PROGRAM(on_sk_msg, "sk_msg", sk_msg_md, SK_PASS)
PROGRAM(on_flow_dissector, "flow_dissector", __sk_buff, BPF_OK)
PROGRAM(on_sk_lookup, "sk_lookup", bpf_sk_lookup, SK_PASS)

GPL;

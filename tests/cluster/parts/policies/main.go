// Enforces NetworkPolicies on a node, for kernels whose nftables cannot queue packets.
//
// kube-network-policies decides; its own program hands packets to itself by an expression of nftables that such kernels
// lack. Here the packets come from the rules of iptables that the node's first process sets. Whatever cannot be judged is
// dropped: a packet that cannot be read, and one from or to a pod's address that belongs to no known pod. When this
// program is not running, the kernel drops all that it would have been asked about.
package main

import (
	"context"
	"flag"
	"net/netip"

	"github.com/florianl/go-nfqueue/v2"
	"github.com/mdlayher/netlink"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/kube-network-policies/pkg/podinfo"
	"sigs.k8s.io/kube-network-policies/pkg/podinfo/nri"
)

type judge struct {
	engine *networkpolicy.PolicyEngine
	pods   api.PodInfoProvider
	subnet netip.Prefix
	// The node itself is the only address of the subnet that is no pod.
	gateway netip.Addr
}

func (j *judge) allows(ctx context.Context, payload []byte) bool {
	packet, err := network.ParsePacket(payload)
	if err != nil {
		klog.ErrorS(err, "unreadable packet")
		return false
	}
	for _, address := range []string{packet.SrcIP.String(), packet.DstIP.String()} {
		ip := netip.MustParseAddr(address)
		if !j.subnet.Contains(ip) || ip == j.gateway {
			continue
		}
		if _, known := j.pods.GetPodInfoByIP(address); !known {
			klog.InfoS("no pod is known there yet, or none any more", "address", address)
			return false
		}
	}
	allowed, err := j.engine.EvaluatePacket(ctx, &packet)
	if err != nil {
		klog.ErrorS(err, "no verdict")
	}
	return allowed && err == nil
}

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "which cluster")
	node := flag.String("node", "", "the node's name")
	subnet := flag.String("pods", "", "the addresses of the node's pods; the first is the node's own")
	number := flag.Uint("queue", 0, "the number of the kernel's queue")
	flag.Parse()
	ctx := context.Background()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	client, err := kubernetes.NewForConfig(config)
	must(err)
	factory := informers.NewSharedInformerFactory(client, 0)
	namespaces, pods := factory.Core().V1().Namespaces(), factory.Core().V1().Pods()

	// containerd tells a pod's address before its containers start; the API server does so after. The order matters
	// too: a pod that has ended keeps its address in the API server while a new pod may have it already.
	runtime, err := nri.NewNRIResolver(ctx, *node, nil)
	must(err)
	cluster, err := podinfo.NewInformerResolver(pods.Informer())
	must(err)
	known := podinfo.NewInformerProvider(pods, namespaces, nil, []podinfo.IPResolver{runtime, cluster})
	policies := networkpolicy.NewStandardNetworkPolicy(*node, namespaces, pods, factory.Networking().V1().NetworkPolicies())
	prefix, err := netip.ParsePrefix(*subnet)
	must(err)
	judge := &judge{
		engine:  networkpolicy.NewPolicyEngine(known, []api.PolicyEvaluator{policies}),
		pods:    known,
		subnet:  prefix,
		gateway: prefix.Masked().Addr().Next(),
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	queue, err := nfqueue.Open(&nfqueue.Config{
		NfQueue:      uint16(*number),
		Flags:        nfqueue.NfQaCfgFlagGSO,
		MaxPacketLen: 128,
		MaxQueueLen:  1024,
		Copymode:     nfqueue.NfQnlCopyPacket,
	})
	must(err)
	// What does not fit is dropped, and nobody needs to be told of each.
	must(queue.SetOption(netlink.NoENOBUFS, true))
	must(queue.RegisterWithErrorFunc(ctx, func(packet nfqueue.Attribute) int {
		verdict := nfqueue.NfDrop
		if packet.Payload != nil && judge.allows(ctx, *packet.Payload) {
			verdict = nfqueue.NfAccept
		}
		if err := queue.SetVerdict(*packet.PacketID, verdict); err != nil {
			klog.ErrorS(err, "verdict not set")
		}
		return 0
	}, func(err error) int {
		klog.ErrorS(err, "packets not received")
		return 0
	}))
	klog.InfoS("enforcing")
	<-ctx.Done()
}

func must(err error) {
	if err != nil {
		klog.Fatal(err)
	}
}

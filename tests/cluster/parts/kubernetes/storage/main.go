// Storage for clusters of one node: a claim is a directory of the node, open to every user.
//
// Kubernetes' own hostPath provisioner makes directories that only root may write, and Assay's pods set no fsGroup. A class
// may say more: with `medium: memory` a claim is a tmpfs of exactly the size that was asked for, so that a full claim is
// really full; with `owner: "1000"` it belongs to that user alone, as homes do. It must never be used where several people
// share a node.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"k8s.io/mount-utils"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const name = "assay.dev/node-directory"

type provisioner struct {
	root    string
	mounter mount.Interface
}

func (p *provisioner) Provision(_ context.Context, options controller.ProvisionOptions) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	path := filepath.Join(p.root, options.PVName)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	size := options.PVC.Spec.Resources.Requests[v1.ResourceStorage]
	if options.StorageClass.Parameters["medium"] == "memory" {
		if mounted, err := p.mounter.IsMountPoint(path); err != nil || !mounted {
			limits := []string{fmt.Sprintf("size=%d", size.Value()), "mode=0777"}
			if err := p.mounter.Mount("tmpfs", path, "tmpfs", limits); err != nil {
				return nil, controller.ProvisioningNoChange, err
			}
		}
	}
	// The umask took from the mode.
	mode := os.FileMode(0o777)
	if owner := options.StorageClass.Parameters["owner"]; owner != "" {
		id, err := strconv.Atoi(owner)
		if err != nil {
			return nil, controller.ProvisioningNoChange, err
		}
		if err := os.Chown(path, id, id); err != nil {
			return nil, controller.ProvisioningNoChange, err
		}
		mode = 0o700
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	volume := &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: size},
			PersistentVolumeSource: v1.PersistentVolumeSource{
				HostPath: &v1.HostPathVolumeSource{Path: path},
			},
		},
	}
	return volume, controller.ProvisioningFinished, nil
}

func (p *provisioner) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	path := volume.Spec.HostPath.Path
	if filepath.Dir(path) != p.root {
		return fmt.Errorf("%s is not beneath %s", path, p.root)
	}
	if mounted, err := p.mounter.IsMountPoint(path); err == nil && mounted {
		if err := p.mounter.Unmount(path); err != nil {
			return err
		}
	}
	return os.RemoveAll(path)
}

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "which cluster")
	root := flag.String("root", "", "the directory that holds all claims")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	client := kubernetes.NewForConfigOrDie(config)
	ctx := context.Background()
	controller.NewProvisionController(ctx, client, name, &provisioner{root: *root, mounter: mount.New("")},
		controller.LeaderElection(false),
		controller.Threadiness(4),
	).Run(ctx)
}

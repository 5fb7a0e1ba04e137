// pion/dtls as a client or a server for one association, with the options and words of peer.c.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/elliptic"
)

const (
	exporterLabel = "EXTRACTOR-dtls_srtp"
	exportedLen   = 88
	dataMax       = 16384
	life          = 120 * time.Second
)

var suites = map[string]dtls.CipherSuiteID{
	"ECDHE-ECDSA-AES128-GCM-SHA256": dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-AES128-GCM-SHA256":   dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES256-GCM-SHA384":   dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

var groups = map[string]elliptic.Curve{
	"X25519": elliptic.X25519,
	"P-256":  elliptic.P256,
	"P-384":  elliptic.P384,
}

// Whoever holds the key of his own certificate is welcome.
var asks = map[string]dtls.ClientAuthType{
	"none":    dtls.NoClientCert,
	"request": dtls.RequestClientCert,
	"require": dtls.RequireAnyClientCert,
}

type options struct {
	server                                          bool
	port, mtu                                       int
	suite, groups, certificate, key, trusted, asked string
}

func readOptions() options {
	var o options
	flag.BoolVar(&o.server, "server", false, "wait for a client")
	flag.IntVar(&o.port, "port", 0, "on 127.0.0.1")
	flag.IntVar(&o.mtu, "mtu", 0, "of a datagram")
	flag.StringVar(&o.suite, "suite", "", "OpenSSL's name")
	flag.StringVar(&o.groups, "groups", "", "X25519, P-256, P-384, commas between")
	flag.StringVar(&o.certificate, "cert", "", "PEM file")
	flag.StringVar(&o.key, "key", "", "PEM file")
	flag.StringVar(&o.trusted, "trust", "", "PEM file of the server's certificate")
	flag.StringVar(&o.asked, "client-cert", "none", "none, request, require")
	flag.Parse()
	return o
}

func configure(o options) (*dtls.Config, error) {
	suite, known := suites[o.suite]
	if !known {
		return nil, fmt.Errorf("suite %q", o.suite)
	}
	config := &dtls.Config{
		CipherSuites:         []dtls.CipherSuiteID{suite},
		ClientAuth:           asks[o.asked],
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		ServerName:           "localhost",
		MTU:                  o.mtu,
	}
	for _, name := range strings.Split(o.groups, ",") {
		group, known := groups[name]
		if !known {
			return nil, fmt.Errorf("group %q", name)
		}
		config.EllipticCurves = append(config.EllipticCurves, group)
	}
	if o.certificate != "" {
		own, err := tls.LoadX509KeyPair(o.certificate, o.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	if o.trusted != "" {
		pem, err := os.ReadFile(o.trusted)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	return config, nil
}

func connect(o options, config *dtls.Config) (*dtls.Conn, error) {
	address := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: o.port}
	if !o.server {
		return dtls.Dial("udp", address, config)
	}
	listener, err := dtls.Listen("udp", address, config)
	if err != nil {
		return nil, err
	}
	connection, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	return connection.(*dtls.Conn), nil
}

func sayFacts(o options, connection *dtls.Conn) error {
	state := connection.ConnectionState()
	exported, err := state.ExportKeyingMaterial(exporterLabel, nil, exportedLen)
	if err != nil {
		return err
	}
	// It does not tell the suite. The one that it wants is all that it offers or takes.
	fmt.Printf("library pion/dtls\nversion DTLS 1.2\nsuite %s\nexported %s\nconnected\n", o.suite, hex.EncodeToString(exported))
	return nil
}

// Sends back what comes, or says it, till the other side closes.
func takeAll(o options, connection *dtls.Conn) error {
	data := make([]byte, dataMax)
	for {
		n, err := connection.Read(data)
		if err != nil {
			return err
		}
		if !o.server {
			os.Stdout.Write(data[:n])
		} else if _, err := connection.Write(data[:n]); err != nil {
			return err
		}
	}
}

// A client says what it is told, and closes when that ends: reading fails from then on, before close_notify has been sent.
func sayAll(connection *dtls.Conn, closing *atomic.Bool, closed chan<- struct{}) {
	word := make([]byte, dataMax)
	for {
		n, err := os.Stdin.Read(word)
		if n > 0 {
			if _, err := connection.Write(word[:n]); err != nil {
				return
			}
		}
		if err != nil {
			closing.Store(true)
			connection.Close()
			close(closed)
			return
		}
	}
}

func run(o options) error {
	config, err := configure(o)
	if err != nil {
		return err
	}
	connection, err := connect(o, config)
	if err != nil {
		return err
	}
	if err := sayFacts(o, connection); err != nil {
		return err
	}
	var closing atomic.Bool
	closed := make(chan struct{})
	if !o.server {
		go sayAll(connection, &closing, closed)
	}
	err = takeAll(o, connection)
	if closing.Load() {
		<-closed
		return nil
	}
	connection.Close()
	if err == io.EOF {
		return nil
	}
	return err
}

func main() {
	// Whoever has forgotten us does not keep us.
	time.AfterFunc(life, func() { os.Exit(1) })
	if err := run(readOptions()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("closed")
}

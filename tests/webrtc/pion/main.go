// pion/webrtc behind the signalling that `ringdtls webrtc` has: a data channel echoes. What we are compared with.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/pion/webrtc"
)

const offerMax = 64 * 1024

func main() {
	httpAddress := flag.String("http", "127.0.0.1:8080", "where offers are posted")
	udpAddress := flag.String("listen", "127.0.0.1:8443", "the one port for media and data")
	announced := flag.String("announce", "", "the address in answers, if it is another one")
	flag.Parse()

	api, err := makeAPI(*udpAddress, *announced)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>pion</title>")
	})
	http.HandleFunc("/whip", func(w http.ResponseWriter, r *http.Request) {
		offer, err := io.ReadAll(io.LimitReader(r.Body, offerMax))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := accept(api, string(offer))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/sdp")
		w.Header().Set("Location", "/whip/1")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, answer)
	})
	listener, err := net.Listen("tcp", *httpAddress)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http on %s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}

// ICE-lite on a single UDP port, as an SFU has it.
func makeAPI(udpAddress, announced string) (*webrtc.API, error) {
	address, err := net.ResolveUDPAddr("udp4", udpAddress)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp4", address)
	if err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetLite(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, socket))
	if announced != "" {
		settings.SetNAT1To1IPs([]string{announced}, webrtc.ICECandidateTypeHost)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings)), nil
}

func accept(api *webrtc.API, offer string) (string, error) {
	connection, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	connection.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(message webrtc.DataChannelMessage) {
			if message.IsString {
				_ = channel.SendText(string(message.Data))
			} else {
				_ = channel.Send(message.Data)
			}
		})
	})
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateDisconnected {
			_ = connection.Close()
		}
	})
	if err := connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		_ = connection.Close()
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	answer, err := connection.CreateAnswer(nil)
	if err == nil {
		err = connection.SetLocalDescription(answer)
	}
	if err != nil {
		_ = connection.Close()
		return "", err
	}
	<-gathered
	return connection.LocalDescription().SDP, nil
}

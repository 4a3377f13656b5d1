package awswire

import (
	"io"
	"net/http"

	"warroom/sources/simulator"
)

// servesOrigin answers a plain request to the maintenance origin, as the bucket behind it would: the page that visitors
// see while the site is switched off. A request for another host is none of its business.
func (s *Server) servesOrigin(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Authorization") != "" || !s.isMaintenance(r.Host) {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return true
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html><title>Back soon</title><p>We are busy. Please come back in a few minutes.")
	return true
}

func (s *Server) isMaintenance(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.launch.State().Distributions {
		for _, o := range d.Origins {
			if o.ID == simulator.OriginMaintenance && o.Domain == host {
				return true
			}
		}
	}
	return false
}

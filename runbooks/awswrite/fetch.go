package awswrite

import (
	"context"
	"io"
	"net/http"
	"time"
)

// fetchTime is granted to an origin to answer.
const fetchTime = 5 * time.Second

// looker gets pages. An origin that sends visitors elsewhere has not answered.
var looker = &http.Client{
	Timeout:       fetchTime,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fetch gets a page and tells the status of the answer.
func fetch(ctx context.Context, url string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("User-Agent", "warroom")
	answer, err := looker.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, documentMost))
	return answer.StatusCode, err
}

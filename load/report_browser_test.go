package load

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser is a Chromium without a window, and what it was asked for and complained
// about. It is for one test.
type browser struct {
	ctx context.Context //nolint:containedctx // it is what chromedp calls a browser

	mu         sync.Mutex
	requests   []string
	complaints []string
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("not run: chromium is not installed")
	}
	b := &browser{}
	// A busy machine may need long for anything; a browser that hangs ends some time.
	const patience = 5 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
	)...)
	t.Cleanup(stop)
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	t.Cleanup(cancel)
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	}
}

// open shows a file as a reader with such a screen and such a taste sees it.
func (b *browser) open(t *testing.T, file string, width int64, scheme string) {
	t.Helper()
	b.emulate(t, "screen", scheme)
	require.NoError(t, chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+file)))
}

func (b *browser) emulate(t *testing.T, media, scheme string) {
	t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(t, err)
}

func evaluate[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	require.NoError(t, err, script)
	return v
}

// show opens a page on a phone and on a desk, in light and in dark, and looks whether a
// reader can use it there.
func (b *browser) show(t *testing.T, page string, charts int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
	backs := map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}
	for _, width := range []int64{390, 1280} {
		for scheme, back := range backs {
			b.open(t, file, width, scheme)
			assert.Equal(t, back, evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor`))
			assert.LessOrEqual(t, evaluate[int64](t, b, `document.documentElement.scrollWidth`), width, "nothing stands out of the screen")
			assert.Equal(t, charts, evaluate[int](t, b, `document.querySelectorAll(".chart").length`))
			// A canvas that was drawn on has a point that is not empty, in every chart.
			assert.Equal(t, charts, evaluate[int](t, b, `[...document.querySelectorAll(".chart canvas")].filter((c) =>
				c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)).length`))
			assert.Zero(t, evaluate[int](t, b, `document.querySelectorAll("[onerror], img").length`))
		}
	}
	// On paper the page is light, whatever the screen is.
	b.open(t, file, 1280, "dark")
	b.emulate(t, "print", "dark")
	assert.Equal(t, backs["light"], evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor`))

	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.complaints)
	require.NotEmpty(t, b.requests)
	for _, request := range b.requests {
		assert.Equal(t, "file://"+file, request, "a page asks for nothing but itself")
	}
	b.requests = nil
}

func TestABrowserShowsTheReport(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := anywhere(t)
	r.Errors = append(r.Errors, ErrorCount{`create </script><img src=x onerror=alert(1)>`, 1})
	r.Notes = append(r.Notes, `"><img src="https://198.51.100.1/x.png">`)
	b.show(t, render(t, WriteHTML, r), 4)
	b.show(t, render(t, WriteHTML, repeated(t)), 4)
}

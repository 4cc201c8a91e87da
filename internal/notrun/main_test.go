package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	passes   = `{"Action":"run","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: chatter\n"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
	fails    = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:5: boom\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestB"}` + "\n"
	notRun   = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:4: not run: openssl is not installed\n"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestC","Output":"--- SKIP: TestC (0.00s)\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestC"}` + "\n"
	skips    = `{"Action":"output","Package":"p","Test":"TestD","Output":"    d_test.go:4: slow\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestD"}` + "\n"
	crashes  = `{"Action":"output","Package":"p","Test":"TestE","Output":"panic: dead\n"}` + "\n"
	pkgOK    = `{"Action":"output","Package":"p","Output":"PASS\n"}` + "\n" + `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n"
	pkgFails = `{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n"
	noTests  = `{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}` + "\n" + `{"Action":"skip","Package":"q"}` + "\n"
	noBuild  = `{"ImportPath":"r","Action":"build-output","Output":"r.go:2:9: undefined: y\n"}` + "\n" + `{"ImportPath":"r","Action":"build-fail"}` + "\n" + `{"Action":"fail","Package":"r"}` + "\n"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		args   []string
		stdin  string
		code   int
		stdout string
	}{
		{"a test that passes is quiet", nil, passes + pkgOK + noTests, 0, "ok  \tp\t0.1s\n?   \tq\t[no test files]\n1 passed, 0 failed in 0 packages, 0 skipped, 0 of them not run\n"},
		{"a test that fails is shown", nil, passes + fails + pkgFails, 1, "    b_test.go:5: boom\nFAIL\tp\t0.1s\n1 passed, 1 failed in 1 packages, 0 skipped, 0 of them not run\n"},
		{"a test that did not run is named", nil, passes + notRun + pkgOK, 0, "ok  \tp\t0.1s\nNOT RUN p.TestC: openssl is not installed\n1 passed, 0 failed in 0 packages, 1 skipped, 1 of them not run\n"},
		{"and fails a strict build", []string{"-strict"}, notRun + pkgOK, 1, "ok  \tp\t0.1s\nNOT RUN p.TestC: openssl is not installed\n0 passed, 0 failed in 0 packages, 1 skipped, 1 of them not run\na test that was not run fails this build (-strict); make tools installs what is missing\n"},
		{"any other skip does not", []string{"-strict"}, skips + pkgOK, 0, "ok  \tp\t0.1s\n0 passed, 0 failed in 0 packages, 1 skipped, 0 of them not run\n"},
		{"a test that never ended did not pass", nil, passes + crashes, 1, "panic: dead\nUNFINISHED p.TestE\n1 passed, 1 failed in 0 packages, 0 skipped, 0 of them not run\n"},
		{"a package that does not build fails", nil, noBuild, 1, "r.go:2:9: undefined: y\n0 passed, 0 failed in 1 packages, 0 skipped, 0 of them not run\n"},
		{"other output is shown as it is", nil, "go: downloading x\n" + passes, 0, "go: downloading x\n1 passed, 0 failed in 0 packages, 0 skipped, 0 of them not run\n"},
		{"nothing at all is no success", nil, "", 1, "0 passed, 0 failed in 0 packages, 0 skipped, 0 of them not run\nno test ran at all\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.code, run(tt.args, strings.NewReader(tt.stdin), &stdout, &stderr))
			assert.Equal(t, tt.stdout, stdout.String())
			assert.Empty(t, stderr.String())
		})
	}
}

func TestAnUnknownFlagIsRefused(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 2, run([]string{"-loud"}, strings.NewReader(""), &stdout, &stderr))
	assert.Contains(t, stderr.String(), "-loud")
}

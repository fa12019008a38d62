// Package rawjson looks into JSON where it stands. It copies nothing and keeps nothing:
// what it finds are parts of the bytes that it was given. What is sound it decides as
// encoding/json does (RFC 8259, with the same bound on depth), several times as fast.
package rawjson

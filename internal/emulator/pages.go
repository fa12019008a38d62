package emulator

// Pages as gateways in front of the backend send them, much shortened.
const (
	challengePage = `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="robots" content="noindex,nofollow"></head>
<body><h1>chatgpt.com</h1><p>Enable JavaScript and cookies to continue</p>
<script>window._cf_chl_opt={cType:'managed'};</script></body></html>
`
	regionPage = `<!DOCTYPE html>
<html><head><title>Attention Required! | Cloudflare</title></head>
<body><h1>Sorry, you have been blocked</h1><p>This service is not offered where you are.</p></body></html>
`
	badGatewayPage = `<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body>
</html>
`
	unavailablePage = `<html>
<head><title>503 Service Unavailable</title></head>
<body><h1>Service Unavailable</h1></body>
</html>
`
)

// overloadMessage is what the backend says when a model has no room.
const overloadMessage = "The model is at capacity right now; try again later."

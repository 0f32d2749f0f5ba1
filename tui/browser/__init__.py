"""The lab in a web browser, through textual-serve: the page, the server, and how a lab that is served hears its visitor."""

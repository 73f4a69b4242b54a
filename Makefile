.PHONY: help
help:
	@echo "make up, make demo, make test"

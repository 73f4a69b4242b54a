"""The engines that come with the product, one module each."""

"""Narrowboat inside other frameworks, a package for each."""

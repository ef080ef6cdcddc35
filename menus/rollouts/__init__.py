"""Rollouts: a publish to several outlets, started, gone on with stage by stage, and stopped or brought back."""

@server
Feature: Two environments have nothing to do with each other

  @ENV-04 @must
  Rule: the paths are the same in every environment

    @deposits
    Scenario Outline: a <request> request in the second environment
      Given a <request> request that the server accepts
      When it is made in the second environment as well
      Then it was accepted

      Examples:
        | request         |
        | deposit         |
        | deposit status  |
        | payment methods |

    @cashouts
    Scenario Outline: a <request> request in the second environment too
      Given a <request> request that the server accepts
      When it is made in the second environment as well
      Then it was accepted

      Examples:
        | request        |
        | cashout        |
        | cashout status |

  @ENV-09 @must
  Rule: the environments do not communicate

    @deposits
    Scenario: an idempotency key that was used in the first environment
      Given a deposit request with an idempotency key that the server accepts
      When a deposit is requested in the second environment with the same key
      Then it was accepted
      And it is not the answer of the first environment

    @cashouts
    Scenario: an external id that was used in the first environment
      Given a cashout that is pending
      When a cashout is requested in the second environment with its external id
      Then it was accepted

  @ENV-10 @must
  Rule: no transaction of one environment shows in the other

    @deposits
    Scenario: a deposit is asked for in the second environment
      Given a deposit in each environment
      When the second environment is asked for the deposit of the first
      Then it does not know it

    @cashouts
    Scenario: a cashout is asked for in the second environment
      Given a cashout in each environment
      When the second environment is asked for the cashout of the first
      Then it does not know it

  @ENV-11 @must
  Rule: the API keys of the environments differ

    @deposits
    Scenario Outline: a <request> request with the keys of the other environment
      Given a <request> request that the second environment accepts
      When only its keys are those of the first environment
      Then it is refused

      Examples:
        | request        |
        | deposit        |
        | deposit status |

    @cashouts
    Scenario Outline: a <request> request with the other environment's keys
      Given a <request> request that the second environment accepts
      When only its keys are those of the first environment
      Then it is refused

      Examples:
        | request        |
        | cashout        |
        | cashout status |

  @ENV-12 @must @alone
  Rule: the configurations of the environments differ

    @deposits
    Scenario: an address that is whitelisted in the first environment
      Given a deposit request that the second environment accepts
      When another address is whitelisted for deposits
      Then it is refused from there

    @cashouts
    Scenario: an address that is whitelisted for cashouts in the first environment
      Given a cashout request that the second environment accepts
      When another address is whitelisted for cashouts
      Then it is refused from there

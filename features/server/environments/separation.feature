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
        | request                |
        | every deposits request |

    @cashouts
    Scenario Outline: a <request> request in the second environment too
      Given a <request> request that the server accepts
      When it is made in the second environment as well
      Then it was accepted

      Examples:
        | request                |
        | every cashouts request |

  @ENV-09 @must
  Rule: the environments do not communicate

    @deposits
    Scenario Outline: the key of a deposit request to the <one> environment
      Given the <one> environment
      And a deposit request with an idempotency key that the server accepts
      When a deposit is requested in the other environment with the same key
      Then it was accepted
      And it is not the answer of the first environment

      Examples:
        | one               |
        | every environment |

    @deposits
    Scenario Outline: the key of a refund request to the <one> environment
      Given the <one> environment
      And a refund request with an idempotency key that the server accepts
      When a refund of 30 is requested in the other environment with the same key
      Then it was accepted
      And 70 of the deposit can still be refunded

      Examples:
        | one               |
        | every environment |

    @deposits
    Scenario Outline: the invoice of a deposit in the <one> environment
      Given the <one> environment
      And a deposit of 100 that is not paid yet
      When a deposit is requested in the other environment with its invoice
      Then it was accepted

      Examples:
        | one               |
        | every environment |

    @cashouts
    Scenario Outline: the external id of a cashout in the <one> environment
      Given the <one> environment
      And a cashout that is pending
      When a cashout is requested in the other environment with its external id
      Then it was accepted

      Examples:
        | one               |
        | every environment |

    @cashouts @alone
    Scenario Outline: a cashout in the other environment, and the balance of the <one> environment
      Given the <one> environment
      And a balance of 100
      When a cashout of 60 is requested in the other environment
      Then at home a cashout of 90 is accepted, and one of 20 refused because of the balance

      Examples:
        | one               |
        | every environment |

    @cashouts @alone
    Scenario Outline: an empty balance in the <one> environment
      Given the <one> environment
      And a balance of 0
      When a cashout of 10 is requested in the other environment
      Then it was accepted

      Examples:
        | one               |
        | every environment |

    @cashouts @alone
    Scenario Outline: a deposit of the other environment, and the balance of the <one> environment
      Given the <one> environment
      And a balance of 0
      When a deposit of 1000 is created and approved in the other environment
      Then at home a cashout of 10 is refused because of the balance

      Examples:
        | one               |
        | every environment |

  @ENV-10 @must
  Rule: no transaction of one environment shows in the other

    @deposits
    Scenario Outline: the status of a <object> of the <one> environment
      Given the <one> environment
      And a <object> of its own, and one in the other environment
      When the other environment is asked for the <object>
      Then it does not know it

      Examples:
        | object       | one               |
        | deposit      | every environment |
        | paid deposit | every environment |
        | refund       | every environment |

    @cashouts
    Scenario Outline: the status of a <object> of the <one> environment, by its external id
      Given the <one> environment
      And a <object> of its own, and one in the other environment
      When the other environment is asked for the <object>
      Then it does not know it

      Examples:
        | object            | one               |
        | cashout           | every environment |
        | delivered cashout | every environment |

    @deposits
    Scenario Outline: a refund of a deposit of the <one> environment
      Given the <one> environment
      And a deposit of 100 that is completed
      When a refund of it is requested in the other environment
      Then 100 of the deposit can still be refunded at home

      Examples:
        | one               |
        | every environment |

    @cashouts
    Scenario Outline: a cashout of the <one> environment, and the other is asked to <change>
      Given the <one> environment
      And a cashout that is <status>
      When the other environment is asked to <change>
      Then the status of the cashout at home is <status>

      Examples:
        | one               | status  | change       |
        | every environment | pending | cancel it    |
        | every environment | pending | hold it      |
        | every environment | on hold | let it go on |

  @ENV-11 @must
  Rule: the API keys of the environments differ

    @deposits
    Scenario Outline: a <request> request with the other environment's keys
      Given a <request> request that the server accepts
      When it is sent with every credential of the other environment
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every deposits request |

    @cashouts
    Scenario Outline: a <request> request with keys of the other environment
      Given a <request> request that the server accepts
      When it is sent with every credential of the other environment
      Then each is refused, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @ENV-12 @must @alone
  Rule: the configurations of the environments differ

    @deposits
    Scenario Outline: an address that the <one> environment lists for deposits, and a <request> request to the other
      Given a <request> request that the other environment of the <one> accepts
      And another address is whitelisted for deposits in the <one> environment
      When it is sent from an address that is not whitelisted in every state
      Then each is refused, and none has an effect

      Examples:
        | request                | one               |
        | every deposits request | every environment |

    @cashouts
    Scenario Outline: an address that the <one> environment lists for cashouts, and a <request> request to the other
      Given a <request> request that the other environment of the <one> accepts
      And another address is whitelisted for cashouts in the <one> environment
      When it is sent from an address that is not whitelisted in every state
      Then each is refused because of its address, and none has an effect

      Examples:
        | request                | one               |
        | every cashouts request | every environment |
